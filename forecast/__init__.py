"""The domain: frames in, frames out, without database, web, scheduler or settings."""
