"""Long computations: jobs in threads, and the worker process in which networks are evaluated.

Nothing here loads streamlit, so the process starts quickly. Imports none of the app's rooms.
Start with `jobs.Jobs`, `process.PROCESS` and `curves.accuracy_curve`.
"""
