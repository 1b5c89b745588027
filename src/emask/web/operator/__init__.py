"""The duty officer's page: is this round on course?"""
