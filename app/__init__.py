"""The page in which a person looks inside a peer-attention network: `python -m streamlit run app/main.py`."""
