"""What a study will cost, before it starts: hours, memory, disk and downloads, by stage."""
