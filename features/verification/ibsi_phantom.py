"""The digital phantom of the Image Biomarker Standardisation Initiative and its 2-D values.

Source: Zwanenburg et al. 2020, doi:10.1148/radiol.2020191145, reference manual
doi:10.48550/arXiv.1612.07003; phantom by the IBSI, CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/), with 0 for the six voxels outside the mask.
"""

from __future__ import annotations

import numpy as np

# Four slices of four rows and five columns, levels 1, 3, 4 and 6; 0 is outside the mask.
PHANTOM = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [0, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ],
    dtype=np.uint8,
)
LEVELS = 6

# Published value of each feature by its IBSI code, to three significant digits. For a matrix with
# directions two means over the slices: of the features of each direction (``2D_avg``) and of the
# features of the merged matrix (``2D_comb``). For a matrix without directions one mean.
REFERENCE: dict[str, tuple[float, ...]] = {
    # First-order statistics (3.3) of the 74 voxels.
    "Q4LE": (2.15,),
    "ECT3": (3.05,),
    "KE2A": (1.08,),
    "IPH6": (-0.355,),
    "Y12H": (1,),
    "1GSF": (1,),
    "QG58": (1,),
    "8DWT": (4,),
    "84IY": (6,),
    "SALO": (3,),
    "2OJQ": (5,),
    "4FUA": (1.55,),
    "N72L": (1.15,),
    "7TET": (0.812,),
    "9S40": (0.6,),
    "N8CA": (567,),
    "5ZWQ": (2.77,),
    "1128": (1.11,),
    # Intensity histogram (3.4) of the 74 voxels.
    "TLU2": (1.27,),
    "BJ5W": (0.512,),
    # Co-occurrence matrix (3.6).
    "GYBY": (0.519, 0.512),
    "60VM": (2.14, 2.14),
    "UR99": (2.69, 2.71),
    "TU9B": (2.05, 2.24),
    "TF7R": (1.42, 1.4),
    "D3YU": (2.9, 3.06),
    "NTRS": (1.4, 1.49),
    "ZGXS": (4.28, 4.29),
    "OEEB": (5.47, 5.66),
    "P6QZ": (1.6, 1.79),
    "8ZQL": (0.368, 0.352),
    "ACUI": (5.28, 5.19),
    "8S9J": (1.42, 1.4),
    "IB1Z": (0.678, 0.683),
    "NDRX": (0.851, 0.854),
    "WF0Z": (0.619, 0.625),
    "1QCO": (0.899, 0.901),
    "E8JP": (0.0567, 0.0553),
    "NI2N": (-0.0121, 0.0173),
    "QWB0": (5.09, 5.14),
    "DG8W": (5.47, 5.66),
    "7NFM": (7, 6.98),
    "AE86": (79.1, 80.4),
    "R8DG": (-0.155, -0.0341),
    "JN9H": (0.487, 0.263),
    # Run length matrix (3.7).
    "22OV": (0.641, 0.661),
    "W4KF": (3.78, 3.51),
    "V3SW": (0.604, 0.609),
    "G3QZ": (9.82, 9.74),
    "HTZT": (0.294, 0.311),
    "GD3A": (8.57, 8.67),
    "IVPO": (3.14, 2.92),
    "3KUM": (17.4, 16.1),
    "R5YN": (5.2, 20.5),
    "OVBL": (0.46, 0.456),
    "W92Y": (6.12, 21.6),
    "IC23": (0.492, 0.441),
    "9ZK5": (0.627, 0.627),
    "8CE5": (3.35, 3.37),
    "SXLW": (0.761, 0.778),
    "HJ9O": (2.17, 2.57),
    # Size zone matrix (3.8).
    "5QRC": (0.363,),
    "48P8": (43.9,),
    "XMSY": (0.371,),
    "5GN9": (16.4,),
    "5RAI": (0.0259,),
    "HW1V": (10.3,),
    "YH51": (40.4,),
    "J17V": (113,),
    "JNSA": (1.41,),
    "Y1RO": (0.323,),
    "4JP3": (1.49,),
    "VB3A": (0.333,),
    "P30P": (0.24,),
    "BYLV": (3.97,),
    "3NSA": (21,),
    "GU8N": (1.93,),
    # Distance zone matrix (3.9).
    "0GBI": (0.946,),
    "MB4I": (1.21,),
    "S1RA": (0.371,),
    "K26C": (16.4,),
    "RUVG": (0.367,),
    "DKNJ": (15.2,),
    "A7WM": (0.386,),
    "KLTH": (21.3,),
    "VFT7": (1.41,),
    "7HP3": (0.323,),
    "V294": (3.79,),
    "IATH": (0.898,),
    "VIWW": (0.24,),
    "QK93": (3.97,),
    "7WT1": (0.051,),
    "GBDU": (1.73,),
    # Neighbourhood grey tone difference matrix (3.10).
    "QCDE": (0.121,),
    "65HE": (0.925,),
    "NQ30": (2.99,),
    "HDEZ": (10.4,),
    "1X9X": (2.88,),
    # Neighbouring grey level dependence matrix (3.11).
    "SODN": (0.158,),
    "IMOQ": (19.2,),
    "TL9H": (0.702,),
    "OAE7": (7.49,),
    "EQ3F": (0.0473,),
    "JA6D": (3.06,),
    "NBZI": (17.6,),
    "9QMG": (49.5,),
    "FP8K": (10.2,),
    "5SPA": (0.562,),
    "Z87G": (3.96,),
    "OKJI": (0.212,),
    "6XV8": (1,),
    "1PFV": (2.7,),
    "DNX2": (2.73,),
    "FCBV": (2.71,),
    "CAS9": (0.17,),
}
