"""What every webhook and HTTP client of a channel needs: authentication, strict JSON, error responses, files."""
