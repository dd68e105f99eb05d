/// Reads the "fixed" layout of pandas.
#pragma once

#include "results/formats/hdf5/pandas_table.h"

namespace posse::pandas {

/// The "fixed" layout: arrays for the axes and for each block of equal type.
void read_fixed(const hdf5::Reader& reader, hid_t group, TableBuilder& builder);

}  // namespace posse::pandas
