// CSV in and out.
#pragma once

#include "sim/base/csv_reader.hpp"
#include "sim/base/csv_writer.hpp"
