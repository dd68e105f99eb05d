/// The principal components of members' errors: the directions in which they differ.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace posse {

struct PrincipalComponents {
  size_t num_components = 0;            ///< min(members, features)
  std::vector<double> explained_ratio;  ///< [components] share of the variance, in [0, 1]
  std::vector<double> scores;           ///< [members, components]
  std::vector<double> directions;       ///< [components, features], each of length 1
  std::vector<double> origin;           ///< [components] where a member without errors would lie
};

/// Principal components of `rows` [members, features], which must be finite, about their mean. A
/// component's sign is that with which its score of largest magnitude is positive (the first of
/// equal ones). Directions of components without variance are 0.
///
/// Through the members' Gram matrix: memory members^2 beside the rows.
/// Source: sklearn.decomposition.PCA, whose signs are arbitrary.
PrincipalComponents principal_components(std::span<const double> rows, size_t num_members);

}  // namespace posse
