"""A batch's profile judged against the dataset's accepted history."""
