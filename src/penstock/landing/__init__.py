"""Claims: the new files of a landing become one batch under a durable manifest."""
