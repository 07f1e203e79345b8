"""`python -m understudy.cli` does what `understudy` does."""

import sys

from .app import main

sys.exit(main())
