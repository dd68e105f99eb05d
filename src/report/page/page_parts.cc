#include "report/page/page_parts.h"

#include <fmt/format.h>

#include "report/charts/markup.h"

namespace posse {

std::string html_of(const Figure& figure, bool is_small) {
  return fmt::format(
      "<figure{}><h4>{}</h4><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
      "aria-label=\"{}\">{}</div><figcaption>{}</figcaption></figure>\n",
      is_small ? " class=\"small\"" : "", escaped(figure.title), escaped(figure.title),
      to_svg(figure), escaped(figure.description));
}

std::string html_of(const ReportTable& table) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><table><caption>{0}"
      "</caption><thead><tr>",
      escaped(table.caption));
  for (const std::string& head : table.heads)
    html += fmt::format("<th scope=\"col\">{}</th>", escaped(head));
  html += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) html += fmt::format("<td>{}</td>", escaped(cell));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string html_of(const std::vector<std::string>& texts, std::string_view css_class) {
  std::string html;
  for (const std::string& text : texts)
    html += fmt::format("<p class=\"{}\">{}{}</p>\n", css_class,
                        css_class == "warning" ? "<strong>Warning:</strong> " : "", escaped(text));
  return html;
}

std::string page_of(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" "
      "href=\"data:,\">\n<title>{}</title>\n<style>\n{}</style>"
      "</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the results</a>\n{}<script>\n{}"
      "</script>\n</body></html>\n",
      escaped(title), report_css(), body, report_js());
}

}  // namespace posse
