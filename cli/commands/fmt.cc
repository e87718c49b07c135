// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/query_flags.h"
#include "cli/exit_status.h"
#include "parser/parser.h"
#include "parser/printer.h"

namespace sloburn::cli {

void AddFmtCommand(CLI::App& app, int& exit_code) {
  struct Options {
    std::string expr;
    bool one_line = false;
    parser::ParseOptions parse;
  };
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("fmt", "Format a PromQL expression");
  command->add_option("EXPR", options->expr, "The expression; - or nothing reads standard input");
  command->add_flag("--one-line", options->one_line, "Canonical text on one line");
  AddNestingFlag(*command, options->parse.max_nesting);
  command->footer("Example:\n  sloburn fmt 'sum(rate(x[5m]))by(job)'");
  command->callback([options, &exit_code] {
    std::string text = options->expr;
    if (text.empty() || text == "-") {
      text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
    }
    const auto expr = parser::Parse(text, options->parse);
    if (!expr.ok()) {
      std::cerr << "error: " << expr.status().message() << "\n";
      exit_code = kExitProblems;
      return;
    }
    if (options->one_line) {
      std::cout << parser::Print(**expr) << "\n";
      return;
    }
    const auto pretty = parser::PrettyPrint(**expr);
    if (!pretty.ok()) {
      std::cerr << "error: " << pretty.status().message() << " (--one-line)\n";
      exit_code = kExitProblems;
      return;
    }
    std::cout << *pretty << "\n";
  });
}

}  // namespace sloburn::cli
