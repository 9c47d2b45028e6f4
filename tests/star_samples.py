"""STAR files laid out as RELION 3.0, 3.1 and 5 and pyem lay them out, built by hand."""

RELION_30 = (
    "\n# RELION; version 3.0.8\n\ndata_\n\nloop_ \n"
    "_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n_rlnMicrographName #3 \n_rlnMagnification #4 \n"
    "_rlnDetectorPixelSize #5 \n_rlnAutopickFigureOfMerit #6 \n"
    " 1024.500000    12.000000 Micrographs/m1.mrc 10000.000000     5.000000     0.123400 \n"
    "    7.000000  2048.250000 Micrographs/m1.mrc 10000.000000     5.000000    -0.100000 \n"
    "  300.000000   400.000000 Micrographs/m2.mrc 10000.000000     5.000000     1.000000 \n"
    " \n"
)

RELION_31 = (
    "\n# version 30001\n\ndata_optics\n\nloop_ \n"
    "_rlnOpticsGroupName #1 \n_rlnOpticsGroup #2 \n_rlnMicrographPixelSize #3 \n_rlnVoltage #4 \n"
    "_rlnImagePixelSize #5 \n_rlnImageSize #6 \n_rlnImageDimensionality #7 \n"
    "opticsGroup1            1     0.885000   300.000000     3.540000           64            2 \n"
    " \n\n# version 30001\n\ndata_particles\n\nloop_ \n"
    "_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n_rlnImageName #3 \n_rlnMicrographName #4 \n"
    "_rlnOpticsGroup #5 \n_rlnDefocusU #6 \n"
    " 1572.444000   540.500000 000001@Extract/job018/m1.mrcs MotionCorr/job002/m1.mrc  1 10863.857422 \n"
    " 1993.707000   186.651000 000002@Extract/job018/m1.mrcs MotionCorr/job002/m1.mrc  1 10575.793945 \n"
    "  262.660000  1024.000000 000001@Extract/job018/m2.mrcs MotionCorr/job002/m2.mrc  1 1.234560e+04 \n"
    " \n"
)

RELION_5 = (
    "\n# version 50001\n\ndata_general\n\n"
    "_rlnOptimiserFile                 Refine3D/job030/run_optimiser.star\n_rlnCurrentIteration    25\n \n"
    "\n# version 50001\n\ndata_optics\n\nloop_ \n"
    "_rlnOpticsGroup #1 \n_rlnOpticsGroupName #2 \n_rlnMicrographPixelSize #3 \n_rlnImagePixelSize #4 \n"
    "_rlnImageSize #5 \n"
    "           1 opticsGroup1     1.000000     2.000000          100 \n"
    "           2 opticsGroup2     1.000000     4.000000          100 \n"
    " \n\n# version 50001\n\ndata_particles\n\nloop_ \n"
    "_rlnMicrographName #1 \n_rlnCoordinateX #2 \n_rlnCoordinateY #3 \n_rlnOpticsGroup #4 \n"
    "_rlnBodyStarFile #5 \n"
    'm1.mrc    10.000000    20.000000            1 "with two spaces" \n'
    "m1.mrc    30.000000    40.000000            2 none \n"
    "# a note between the rows\n"
    "m2.mrc    50.000000    60.000000            1 none \n"
    " \n\n# version 50001\n\ndata_model_classes\n\nloop_ \n_rlnClassNumber #1 \n_rlnClassDistribution #2 \n"
    "           1     0.600000 \n           2     0.400000 \n \n"
)

PYEM = (
    "data_images\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
    "J7/imported/013218873190254871234_m1_patch_aligned_doseweighted.mrc 10 20\n"
    "J7/imported/002918873190254871234_m2_patch_aligned_doseweighted.mrc 30 40"
)

PICKS_OF_ONE = (
    "\n# version 30001\n\ndata_\n\nloop_ \n_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n"
    "_rlnAutopickFigureOfMerit #3 \n"
    "  100.000000   200.000000     0.5 \n  110.000000   210.000000     0.4 \n \n"
)

LIST_OF_FILES = (
    "\n# version 30001\n\ndata_coordinate_files\n\nloop_ \n"
    "_rlnMicrographName #1 \n_rlnMicrographCoordinates #2 \n"
    "MotionCorr/job002/m1.mrc AutoPick/job011/m1_autopick.star \n \n"
)
