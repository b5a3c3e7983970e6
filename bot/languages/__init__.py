"""The words that members write, in one folder for each language; `lists.py` reads them."""
