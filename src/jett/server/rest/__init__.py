"""What the dashboard reads and changes, as REST with an OpenAPI document; each file a part of it."""
