"""Writers: what a source says, in the shape of the system it says it with."""
