"""The application: HTTP in, rows and jobs out."""
