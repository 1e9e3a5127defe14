"""The library of exercises: documents, their versions, and the engine of turns."""
