// Numbers that need no more digits than a reader sees.
#pragma once

namespace switchyard {

/// The nearest double with so many significant digits, at least 1: it is written with no more.
double rounded(double value, int digits);

}  // namespace switchyard
