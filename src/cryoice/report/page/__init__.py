"""The review page: one HTML file with all that it shows, and the script that shows it."""
