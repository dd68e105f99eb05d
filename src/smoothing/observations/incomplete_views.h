/// Fits the subspace that views share to frames in which some views are missing.
#pragma once

#include <Eigen/Core>

namespace posse {

struct IncompleteFit {
  Eigen::MatrixXd axes;    ///< [lanes, axes], orthonormal columns, the widest first
  Eigen::VectorXd mean;    ///< [lanes]
  Eigen::MatrixXd scores;  ///< [rows, axes]: expected coordinates of each row given what is there
};

/// Maximum likelihood fit of mean, axes and one noise variance (probabilistic principal components)
/// to rows with missing entries, by expectation maximisation.
///
/// Without missing entries mean and span of the axes are those of principal components. What no
/// rows share is not related; the caller sees to it that lanes hang together.
/// @param rows  [rows, lanes], NaN = missing; each row and lane has an entry. @param num_axes at
/// least 1, less than lanes; fewer come back where the rows span fewer.
/// Source: A. Ilin, T. Raiko, Practical approaches to principal component analysis in the presence
/// of missing values, JMLR 11, 2010, section 3; M. Tipping, C. Bishop, JRSS B 61, 1999.
IncompleteFit fit_incomplete_rows(const Eigen::MatrixXd& rows, Eigen::Index num_axes);

}  // namespace posse
