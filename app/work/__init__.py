"""Long computations: jobs in threads, and the one process beside the server in which networks are measured.

Nothing here loads streamlit: the process starts with what it computes with. Imports none of the app's rooms.
Start with `jobs.Jobs`, `process.PROCESS` and `curves.accuracy_curve`.
"""
