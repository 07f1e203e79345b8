"""What is known about a file, and what is not."""
