"""`gridfold export`: a TrainingJob as the plain scikit-learn script that defines its numbers.

What a job says becomes statements (`literals`); what never changes are fragments, files of Python text beside these
modules. No module here reads data, and nothing in a printed script imports Gridfold.
"""
