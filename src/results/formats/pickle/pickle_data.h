/// Reads Python pickles of any protocol as plain data.
#pragma once

#include <string_view>

#include "results/formats/pickle/pickle_text.h"

namespace posse {

/// Reads a pickle of protocol 0 to 5, such as DeepLabCut's _meta.pickle.
///
/// None, truth values, numbers, texts, lists, tuples and dictionaries become what they are. Nothing
/// is looked up or executed: an object of a class becomes the number it was made of, if that is all
/// (ruamel's ScalarFloat), else a dictionary or list of the items put into it, without its
/// attributes. Bytes and containers that are named again further on become none.
/// @throws Error(bad_file) for anything else, for more than 16 MiB, and for values nested more than
///         64 deep
PickleValue read_pickle(std::string_view bytes);

}  // namespace posse
