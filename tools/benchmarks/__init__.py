"""What `phintys bench` measures, with which systems, and how it is reported."""
