# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`make bench`: what the driver costs, in counts and ratios that come out the same on any machine."""
