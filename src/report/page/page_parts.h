/// Writes the HTML of a report's parts, and the page around them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/charts/figure.h"
#include "report/evaluation_figures.h"

namespace posse {

/// A figure with its title and description as caption, in a frame that scrolls where it is narrow.
std::string html_of(const Figure& figure, bool is_small = false);
std::string html_of(const ReportTable& table);
/// Paragraphs of a class: "warning" or "note".
std::string html_of(const std::vector<std::string>& texts, std::string_view css_class);

/// The embedded style sheet and script.
std::string_view report_css();
std::string_view report_js();

/// The whole page around a body.
std::string page_of(const std::string& title, const std::string& body);

}  // namespace posse
