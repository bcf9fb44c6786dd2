"""The web app for looking inside peer-attention networks: `python -m streamlit run app/main.py`."""
