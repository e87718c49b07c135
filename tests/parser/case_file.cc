// SPDX-License-Identifier: Apache-2.0
#include "case_file.h"

#include <fstream>
#include <iostream>
#include <sstream>

namespace sloburn::parser {
namespace {

constexpr char kArrow[] = " ==> ";

[[noreturn]] void Stop(const std::string& place, const std::string& problem) {
  std::cerr << place << ": " << problem << "\n";
  std::abort();
}

std::string Decode(const std::string& text, const std::string& place) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (i + 1 < text.size() ? text[++i] : '\0') {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case '\\': out += '\\'; break;
      case 'x':
        out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      default: Stop(place, "unknown escape in a case");
    }
  }
  return out;
}

ParseOptions ReadOptions(const std::string& words, const std::string& place) {
  ParseOptions options;
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    if (word == "experimental") {
      options.enable_experimental_functions = true;
    } else if (word == "extended") {
      options.enable_extended_range_selectors = true;
    } else if (word == "fill") {
      options.enable_binop_fill_modifiers = true;
    } else {
      Stop(place, "unknown option " + word);
    }
  }
  return options;
}

std::string ReadBlock(std::istream& in, int* line_number) {
  std::string block;
  for (std::string line; std::getline(in, line);) {
    ++*line_number;
    if (line.empty()) break;
    if (!block.empty()) block += '\n';
    block += line;
  }
  return block;
}

}  // namespace

std::vector<ParseCase> ReadCases(const std::string& path) {
  std::ifstream in(path);
  std::vector<ParseCase> cases;
  ParseOptions options;
  int line_number = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string place = path + ":" + std::to_string(++line_number);
    if (line.empty() || line.rfind("# ", 0) == 0) continue;
    if (line.rfind("@options", 0) == 0) {
      options = ReadOptions(line.substr(8), place);
      continue;
    }
    if (line.rfind(">>> ", 0) == 0) {
      const std::string input = Decode(line.substr(4), place);
      cases.push_back({place, input, ReadBlock(in, &line_number), options});
      continue;
    }
    const size_t arrow = line.find(kArrow);
    if (arrow == std::string::npos) Stop(place, "no ==>");
    const std::string input = Decode(line.substr(0, arrow), place);
    std::string expected = line.substr(arrow + sizeof kArrow - 1);
    if (expected == "=") expected = input;
    cases.push_back({place, input, expected, options});
  }
  if (cases.empty()) Stop(path, "no cases");
  return cases;
}

}  // namespace sloburn::parser
