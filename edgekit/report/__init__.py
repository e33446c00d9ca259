"""Results into what people and programs read. One shared table, one small file a format."""
