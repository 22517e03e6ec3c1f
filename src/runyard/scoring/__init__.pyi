from runyard.scoring.folder import FolderScores as FolderScores
from runyard.scoring.folder import Plan as Plan
from runyard.scoring.folder import predict_folder as predict_folder
from runyard.scoring.job import FileReport as FileReport
