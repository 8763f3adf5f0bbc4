"""What a run left: summary, labelled series, events, and the folder that holds them."""
