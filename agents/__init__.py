"""What each step decides. Never imports prefect."""
