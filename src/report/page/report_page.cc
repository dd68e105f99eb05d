#include "report/page/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/count_text.h"
#include "base/version.h"
#include "report/charts/markup.h"
#include "report/page/page_parts.h"
#include "report/page/zoom_data.h"
#include "report/video_figures.h"

namespace posse {
namespace {

constexpr size_t kFewVideos = 4;  ///< with every trace; of more, tables, strip and pictures

std::string percent(double share) {
  return std::isnan(share) ? "\u2013" : shown_number(100 * share, 1) + " %";
}

/// Name and value in rows.
std::string facts_table(const std::string& caption,
                        const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string html = fmt::format("<table><caption>{}</caption>", escaped(caption));
  for (const auto& [name, value] : facts)
    html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"word\">{}</td></tr>\n",
                        escaped(name), escaped(value));
  return html + "</table>\n";
}

std::string run_facts(const ReportedVideo& video) {
  const FinishedFacts& facts = video.facts;
  std::string html = facts_table(
      "What was run",
      {{"video", facts.video.path.string()},
       {"SHA-256 of the video", facts.video.sha256},
       {"frames", fmt::format("{} of {}x{} pixels", facts.num_frames, facts.width, facts.height)},
       {"consensus", fmt::format("{}{}{}", name_of(facts.consensus),
                                 facts.consensus_why.empty() ? "" : ": ", facts.consensus_why)},
       {"posse", facts.version},
       {"finished", facts.finished},
       {"fingerprint", facts.fingerprint}});
  ReportTable members{.caption = "Members",
                      .heads = {"member", "network", "read by", "SHA-256 of the weights"},
                      .rows = {}};
  for (const FinishedMember& member : facts.members)
    members.rows.push_back({member.name, member.network, member.decode, member.weights_sha256});
  html += html_of(members);
  std::vector<std::pair<std::string, std::string>> options = facts.options;
  std::erase_if(
      options, [](const auto& option) { return option.second.empty() || option.second == "null"; });
  return html + "<details><summary>Options</summary>" + facts_table("Options", options) +
         "</details>\n";
}

ReportTable bodypart_table(const ReportedVideo& video) {
  ReportTable table{
      .caption = "Bodyparts",
      .heads = {"bodypart", "placed", "likely seen", "median likelihood", "median spread (px)",
                "95th percentile (px)", "largest (px)", "in frame"},
      .rows = {}};
  for (const ReportedBodypart& part : video.bodyparts) {
    table.rows.push_back({part.name, percent(part.placed), percent(part.likely_seen),
                          shown_number(part.median_likelihood, 3), shown_number(part.median_spread),
                          shown_number(part.p95_spread), shown_number(part.largest_spread),
                          part.largest_frame < 0 ? "\u2013" : std::to_string(part.largest_frame)});
  }
  return table;
}

std::string peak_picture(const ReportedVideo& video, const DisagreementPeak& peak) {
  if (peak.jpeg.empty()) return "";
  const std::string words = fmt::format(
      "Frame {} with the members' points small, the consensus on top with its ellipse and rings at "
      "second places; members disagree by {} px on average, most about {}.",
      peak.frame_index, shown_number(peak.disagreement, 1), video.bodyparts[peak.bodypart].name);
  return fmt::format(
      "<img alt=\"{}\" width=\"{}\" height=\"{}\" "
      "src=\"data:image/jpeg;base64,{}\">",
      escaped(words), peak.picture_width, peak.picture_height, base64_of(peak.jpeg));
}

std::string peaks_of(const ReportedVideo& video, const std::string& id, bool is_compact) {
  if (video.peaks.empty()) return "";
  std::string html = "<h3>Where members disagree most</h3>\n";
  for (size_t i = 0; i < video.peaks.size(); ++i) {
    const DisagreementPeak& peak = video.peaks[i];
    const std::string when =
        std::isfinite(peak.time_seconds) ? ", " + shown_number(peak.time_seconds, 2) + " s" : "";
    html += fmt::format(
        "<article class=\"peak\"><h4><a href=\"#{0}-traces\" data-frame=\"{1}\">Frame {1}</a>{2}: "
        "{3} px on average, most about {4}</h4>\n{5}\n",
        id, peak.frame_index, when, shown_number(peak.disagreement, 2),
        escaped(video.bodyparts[peak.bodypart].name), peak_picture(video, peak));
    if (!is_compact && !peak.trace.members[0].empty() && !peak.trace.members[0][0].empty()) {
      html += "<div class=\"pair\">";
      for (size_t axis = 0; axis < 2; ++axis)
        html +=
            html_of(close_figure(video, i, axis, fmt::format("{}-peak{}-{}", id, i, axis)), true);
      html += "</div>";
    }
    html += "</article>\n";
  }
  return html;
}

std::string zoom_bar() {
  return "<div class=\"zoombar\" role=\"toolbar\" aria-label=\"Zoom of the traces\">"
         "<button type=\"button\" data-action=\"in\">Zoom in</button>"
         "<button type=\"button\" data-action=\"out\">Zoom out</button>"
         "<button type=\"button\" data-action=\"earlier\">Earlier</button>"
         "<button type=\"button\" data-action=\"later\">Later</button>"
         "<button type=\"button\" data-action=\"all\">Whole video</button>"
         "<span>Drag over a trace to zoom; keys + - 0, arrows for frames.</span>"
         "<output class=\"readout\" aria-live=\"polite\"></output></div>\n";
}

/// Traces and the disagreement, which zoom together.
std::string traces_of(const ReportedVideo& video, const std::string& id, size_t zoom_bytes) {
  std::string html = fmt::format("<section id=\"{}-traces\"><h3>Traces</h3>\n", id) + zoom_bar();
  html += html_of(disagreement_figure(video, id + "-disagreement"));
  const std::string strip = strip_svg(video, id + "-strip");
  if (!strip.empty())
    html +=
        "<figure><h4>Disagreement by bodypart, whole video</h4><div class=\"scroll\" "
        "tabindex=\"0\" role=\"group\" aria-label=\"Disagreement by bodypart\">" +
        strip + "</div></figure>\n";
  for (size_t part = 0; part < video.bodyparts.size(); ++part) {
    html += fmt::format("<h3>{}</h3>\n", escaped(video.bodyparts[part].name));
    for (size_t axis = 0; axis < 2; ++axis)
      html += html_of(trace_figure(video, part, axis, trace_id(id, part, axis)));
  }
  return html + R"(<script type="application/json" class="traces">)" +
         zoom_data(video, id, zoom_bytes) + "</script></section>\n";
}

std::string section_of(const ReportedVideo& video, size_t number, bool is_compact,
                       size_t zoom_bytes) {
  const std::string id = fmt::format("video{}", number);
  std::string html = fmt::format("<section id=\"{}\"><h2>{}</h2>\n", id, escaped(video.facts.stem));
  html += html_of(video.facts.warnings, "warning") + html_of(video.notes, "note");
  html += html_of(bodypart_table(video));
  if (is_compact) {
    const std::string strip = strip_svg(video, id + "-strip");
    if (!strip.empty())
      html +=
          "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Disagreement by "
          "bodypart\">" +
          strip + "</div>\n";
    return html + peaks_of(video, id, true) + "</section>\n";
  }
  html +=
      "<details open><summary>What was run on what</summary>" + run_facts(video) + "</details>\n";
  return html + peaks_of(video, id, false) + traces_of(video, id, zoom_bytes) + "</section>\n";
}

std::string index_of(const std::vector<ReportedVideo>& videos) {
  std::string html =
      "<section id=\"index\"><h2>Videos</h2><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
      "aria-label=\"Videos\"><table><caption>Videos, with the frame in which members disagree most"
      "</caption><thead><tr><th scope=\"col\">video</th><th scope=\"col\">frames</th>"
      "<th scope=\"col\">median disagreement (px)</th><th scope=\"col\">largest (px)</th>"
      "<th scope=\"col\">in frame</th><th scope=\"col\">warnings</th></tr></thead><tbody>\n";
  for (size_t i = 0; i < videos.size(); ++i) {
    const ReportedVideo& video = videos[i];
    const auto worst = std::max_element(
        video.peaks.begin(), video.peaks.end(),
        [](const auto& a, const auto& b) { return a.disagreement < b.disagreement; });
    html += fmt::format(
        "<tr><td><a href=\"#video{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}"
        "</td></tr>\n",
        i, escaped(video.facts.stem), video.frame_index.size(),
        shown_number(video.median_disagreement),
        worst == video.peaks.end() ? "\u2013" : shown_number(worst->disagreement),
        worst == video.peaks.end() ? "\u2013" : std::to_string(worst->frame_index),
        video.facts.warnings.size());
  }
  return html + "</tbody></table></div></section>\n";
}

std::string section_of(const EvaluationPart& part) {
  std::string html =
      "<section id=\"evaluation\"><h2>Errors and uncertainty against labels</h2>\n<p>" +
      escaped(part.about) + "</p>\n" + html_of(part.warnings, "warning") +
      html_of(part.notes, "note");
  std::string small;
  for (const Figure& figure : part.figures) {
    if (figure.width < 500)
      small += html_of(figure, true);
    else
      html += html_of(figure);
  }
  html += "<div class=\"pair\">" + small + "</div>\n";
  for (const ReportTable& table : part.tables) html += html_of(table);
  return html + "</section>\n";
}

std::string section_of(const NamedPart& part) {
  std::string html = fmt::format("<section id=\"{}\"><h2>{}</h2>\n<p>{}</p>\n", part.id,
                                 escaped(part.title), escaped(part.about));
  html += html_of(part.warnings, "warning") + html_of(part.notes, "note");
  for (const std::string& drawing : part.drawings)
    html += R"(<figure><div class="scroll" tabindex="0" role="group" aria-label="matrix">)" +
            drawing + "</div></figure>\n";
  for (const ReportTable& table : part.tables) html += html_of(table);
  return html + "</section>\n";
}

std::string contents_of(const Report& report) {
  std::string html = "<nav aria-label=\"Contents\"><ul>";
  if (report.videos.size() > 1) html += "<li><a href=\"#index\">Videos</a></li>";
  if (report.videos.size() <= kFewVideos) {
    for (size_t i = 0; i < report.videos.size(); ++i)
      html += fmt::format("<li><a href=\"#video{}\">{}</a></li>", i,
                          escaped(report.videos[i].facts.stem));
  }
  if (report.evaluation)
    html += "<li><a href=\"#evaluation\">Errors and uncertainty against labels</a></li>";
  for (const NamedPart& part : report.further)
    html += fmt::format("<li><a href=\"#{}\">{}</a></li>", part.id, escaped(part.title));
  return html + "</ul></nav>\n";
}

constexpr const char* kWords =
    "<p>A <em>member</em> is one trained network, the <em>consensus</em> the pose formed from all "
    "of "
    "them. <em>Spread</em> is the standard deviation of the members' points about their mean, "
    "sqrt(var x + var y), in pixels; <em>disagreement</em> its mean over bodyparts. Members can "
    "agree and be wrong together: only labels tell.</p>\n";

}  // namespace

std::string html_of(const Report& report, size_t zoom_bytes) {
  const bool is_compact = report.videos.size() > kFewVideos;
  std::string body = fmt::format(
      "<header><h1>{}</h1><p>{}, by posse {}.</p>{}</header>\n{}<main id=\"content\">\n{}",
      escaped(report.title), count_text(static_cast<int64_t>(report.videos.size()), "video"),
      escaped(version()), kWords, contents_of(report), html_of(report.warnings, "warning"));
  if (report.videos.size() > 1) body += index_of(report.videos);
  if (is_compact && !report.videos.empty())
    body += "<section><h2>What was run on what</h2><p>As for the first video:</p>" +
            run_facts(report.videos.front()) + "</section>\n";
  if (report.evaluation) body += section_of(*report.evaluation);
  for (const NamedPart& part : report.further) body += section_of(part);
  for (size_t i = 0; i < report.videos.size(); ++i)
    body += section_of(report.videos[i], i, is_compact,
                       zoom_bytes / std::max<size_t>(1, report.videos.size()));
  return page_of(report.title, body + "</main>\n");
}

}  // namespace posse
