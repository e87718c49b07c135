// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/promqltest/runner.h"

namespace sloburn::cli {

void AddPromqltestCommand(CLI::App& app, int& exit_code) {
  struct Options {
    std::vector<std::string> files;
    PromqltestOptions run;
  };
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand(
      "promqltest", "Run test scripts in promqltest's language against the engine");
  command->add_option("FILE", options->files, "Test scripts")->required();
  command->add_flag("-v,--verbose", options->run.verbose, "Show each failure");
  command->add_option("--threads", options->run.threads, "Threads that evaluate a query")
      ->check(CLI::Range(1, 64));
  command->footer("Example:\n  sloburn promqltest testdata/promql/*.test");
  command->callback([options, &exit_code] {
    exit_code = RunPromqltest(options->files, options->run, std::cout);
  });
}

}  // namespace sloburn::cli
