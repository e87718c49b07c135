// SPDX-License-Identifier: Apache-2.0
// Case files of testdata/parser: an input and what is to come of it.
//
//   # a comment
//   @options experimental extended fill      for the cases below; none without words
//   INPUT ==> EXPECTED                       \n \t \\ \xHH are decoded in INPUT; '=' repeats INPUT
//
// or, where the answer has several lines,
//
//   >>> INPUT
//   EXPECTED, up to an empty line
#pragma once

#include <string>
#include <vector>

#include "parser/parser.h"

namespace sloburn::parser {

struct ParseCase {
  std::string place;  // FILE:LINE
  std::string input;
  std::string expected;
  ParseOptions options;
};

// Aborts the test program when the file is missing, malformed or empty.
std::vector<ParseCase> ReadCases(const std::string& path);

}  // namespace sloburn::parser
