/// Explains why a YAML file cannot be read, in words for the person who edited it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace posse {

/// A text's lines without their ends; "\n", "\r\n" and a lone "\r" end a line, as YAML has it.
std::vector<std::string> yaml_lines(const std::string& text);

/// What is wrong at a line.
struct YamlFault {
  int line = 0;       ///< from 1: the parser's, or that of the first conflict mark
  std::string cause;  ///< as "a tab stands in the indentation"
  std::string hint;   ///< what to do about it; may be empty
  std::string shown;  ///< the line and the one before it
};

/// Looks for what people's files are broken by: conflict marks of git, tabs and no-break spaces,
/// a colon or dash without a space, backslashes in double quotes, paths folded over two lines,
/// brackets that are not closed, values that begin with a character YAML keeps for itself. Else the
/// cause is what the parser said.
/// @param line  where the parser stopped, from 1
YamlFault explain_yaml(const std::vector<std::string>& lines, int line,
                       const std::string& parser_message);

/// The first quote of a value that is never closed, or only by the one that begins a later value.
/// @param last  quotes that begin behind this line, from 1, do not count
std::optional<YamlFault> unclosed_quote(const std::vector<std::string>& lines, int last);

/// A line and the one before it, in quotes. @param line  from 1
std::string quoted_lines(const std::vector<std::string>& lines, int line);

/// Two versions of some lines between git's marks, which are among the lines.
struct YamlConflict {
  size_t begin = 0;  ///< the line with <<<<<<<, from 0
  size_t end = 0;    ///< behind the line with >>>>>>>
};

/// All conflicts; none where the marks do not pair up.
std::vector<YamlConflict> yaml_conflicts(const std::vector<std::string>& lines);

/// The first line that git put around two versions, from 1; 0 if there is none.
int conflict_line(const std::vector<std::string>& lines);

/// A top-level key with all lines up to the next one.
struct YamlBlock {
  std::string key;
  size_t begin = 0;  ///< first line, from 0
  size_t end = 0;    ///< behind the last line
};

/// Found by the text alone, so that they are there where the file is not YAML.
std::vector<YamlBlock> yaml_blocks(const std::vector<std::string>& lines);

}  // namespace posse
