"""The items of STARD-AI and TRIPOD+AI, in our words under the guidelines' numbers.

An item takes two lines: its number, what it asks for, and the names of the headings of the report
that may answer it (the first that is there is linked to); then the answer, with facts of the model
in braces. An open item names instead ``author`` (who publishes the model must write it) or ``none``
(it does not apply); then the reason.

STARD-AI: Sounderajah et al. 2025, doi:10.1038/s41591-025-03953-8.
TRIPOD+AI: Collins et al. 2024, doi:10.1136/bmj-2023-078378.
"""

from __future__ import annotations

STARD = """
1 | says that it is about accuracy of an AI test | worth
    {estimator}; {accuracy}
3 | background and intended use | card
    intended and not intended use
7 | who and what was left out, and in which order | measured
    {balance}
11 | where the data come from | measured
    {layout}
13 | devices, and versions of the software | again measured
    blastometry {version}; cameras as far as the table names them
14 | how data were prepared | measured again
    preset {preset}, colours {stain}
15a | the test, so that it can be repeated | again
    commands, seed {seed}, hashes
15b | how the test was made and tried, with sample sizes | splits
    {folds} folds x {repeats}; {groups} groups
15c | thresholds, and why these | operating card
    {called}
15d | who uses it, with which expertise | card
    a reader qualified for blood smears
17a | what the test was told beside the picture | measured
    pictures alone: no column of the table but measured features is learnt from
18 | how accuracy was estimated | worth splits
    cross-validation by {group}, bootstrap of {drawn}
19 | what became of undecided results | decisions
    every cell is decided; what abstaining would cost is tabled
20 | what became of missing values | measured
    {missing} of all values
21 | how accuracy varies | subjects splits
    by fold, and by subject where known
22 | sample size | measured
    {cells} cells of {groups} groups, all there were; not planned, so read the intervals
23 | errors and bias looked for | shortcuts worst
    {shortcuts}
24 | flow, as a diagram | measured
    {balance}
25 | technical characteristics of the sets | measured splits
    classes by subjects, slides and cameras where known; every fold
28 | whether the classes are as common as in use | card operating
    {classes} in training; {prevalences}
29 | how external data differ | external-test
    the table that was kept apart, beside the folds
30 | results against the truth, crossed | decisions
    confusion matrix
31 | accuracy with its precision | worth
    {accuracy}
33 | limits | card
    limits that follow from these data
34 | what it means for practice | card
    assists a reader; never alone
40b | whether results can be audited | again
    evaluation.json holds every number of this page; explain writes a sheet for a cell
"""
STARD_OPEN = """
2 | structured summary | author
    of the article, not of the model
4 | aims and hypotheses | author
    the program is told nothing of it
5 | prospective or retrospective | author
    the program is told nothing of it
6 | ethics approval | author
    the program is told nothing of it
8 | how participants were found | author
    the program is told nothing of it
9 | setting and dates | author
    the program is told nothing of it
10 | consecutive, random or convenience series | author
    the program is told nothing of it
12 | who labelled the cells, and how | author
    the program is told nothing of it
16a | reference standard | author
    labels are taken as given
16b | why that reference | author
    labels are taken as given
16c | categories of the reference | author
    labels are taken as given
17b | what those who labelled knew | author
    the program is told nothing of it
26a | severity of disease | none
    cells are classified, not patients
26b | other diagnoses of those without | none
    cells are classified, not patients
27 | time between test and reference | none
    both are read from the same picture
29 | how external data differ | none
    there was none: train --external TABLE evaluates one once
32 | harm done by the test | none
    pictures of slides that were made anyway
35 | ethics and fairness of its use | author
    the program is told nothing of it
36 | registration | author
    the program is told nothing of it
37 | protocol | author
    the program is told nothing of it
38 | funding | author
    the program is told nothing of it
39 | commercial interests | author
    the program is told nothing of it
40a | whether the data can be had | author
    the program is told nothing of it
"""
TRIPOD = """
1 | says that it develops a model, for what and how | worth
    {estimator} for {label}
2 | summary | worth
    {accuracy}; {cells} cells
3b | for whom and by whom it is used | card
    intended use
4 | aim, and whether it develops or evaluates | worth
    development with internal validation{outside}
5a | sources of the data | measured
    {layout}
6b | what made a cell eligible | measured
    {balance}
7 | preparation and checks of quality | measured
    {flags}
8a | what is predicted | measured
    {label}: {classes}
9a | how predictors were chosen | measured importances
    preset {preset}: {columns} columns, none chosen by hand
9b | what each predictor is | importances
    names, units and definitions; python cli.py features
10 | sample size | measured
    {cells} cells of {groups} groups, all there were
11 | missing values | measured
    {missing} of all values
12a | how data were split | splits
    {folds} folds x {repeats} by {group}, disjoint in every fold
12b | how predictors were transformed | measured again
    inside each training part; colours {stain}
12c | kind of model, tuning, internal validation | worth splits
    {estimator}; {tuned}
12d | differences between clusters | subjects splits
    subject by subject where they are known
12e | measures of performance | worth
    discrimination beside a trivial baseline, calibration beside a perfect model{net_benefit}
12g | how a prediction is computed | again
    {calibration}
13 | unequal classes | splits
    classes weigh the same in training; probabilities are calibrated to {classes} afterwards
14 | fairness, as far as data allow | subjects shortcuts splits
    by subject where known, and by shortcut; sex, age and origin are not asked for
15 | output and thresholds | operating card
    a probability for each class; {called}
16 | differences between training and evaluation | splits
    the same data, other groups{outside}
18f | code | again
    versions and commands; the program is open
20a | flow | measured
    {balance}
20b | characteristics of the cells | measured
    classes by subjects, slides and cameras where known
20c | evaluation data against development data | external-test
    the table that was kept apart, beside the folds
21 | numbers in each analysis | splits
    cells, groups and classes of every fold
22 | the whole model | glass-box again
    pipeline.skops beside this page; the formula of the glass box
23a | performance with intervals | worth calibration
    {accuracy}; calibration error {ece}
23b | performance between clusters | subjects splits
    every fold, and the worst subjects where known
25 | what it means | card
    {shortcuts}
26 | limits | card
    limits that follow from these data
27a | poor or missing input in use | card
    predict flags cells unlike the training cells and doubtful outlines
27b | what a user must know and do | card
    a reader qualified for blood smears
27c | what comes next | card
    slides of another laboratory
"""
TRIPOD_OPEN = """
3a | medical context and earlier models | author
    the program is told nothing of it
3c | known inequalities in health | author
    the program is told nothing of it
5b | dates | author
    the program is told nothing of it
6a | setting and centres | author
    the program is told nothing of it
6c | treatments | author
    the program is told nothing of it
8b | who judged the outcome | author
    labels are taken as given
8c | what those who judged it knew | author
    the program is told nothing of it
9c | who judged subjective predictors | none
    every predictor is computed
12f | updating of the model | none
    a model is trained anew, not updated
17 | ethics approval | author
    the program is told nothing of it
18a | funding | author
    the program is told nothing of it
18b | conflicts of interest | author
    the program is told nothing of it
18c | protocol | author
    the program is told nothing of it
18d | registration | author
    the program is told nothing of it
18e | whether the data can be had | author
    the program is told nothing of it
19 | part of patients and the public | author
    the program is told nothing of it
20c | evaluation data against development data | none
    there was none: train --external TABLE evaluates one once
24 | result of updating | none
    a model is trained anew, not updated
"""
