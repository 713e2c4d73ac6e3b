"""What may be removed of an output folder and its cache: seen (`look`), judged (`items`), removed (`removal`)."""
