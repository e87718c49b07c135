// SPDX-License-Identifier: Apache-2.0
// sloburn: rules and SLOs beside Prometheus. See `sloburn --help`.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>

#include "cli/commands/commands.h"
#include "cli/exit_status.h"
#include "cli/version.h"

namespace {

// "unknown command ..." or "unknown flag ...", or "" where all words are known.
std::string UnknownWord(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("-")) {
      const auto commands = command->get_subcommands([](const CLI::App*) { return true; });
      const auto next = std::find_if(commands.begin(), commands.end(), [&word](const CLI::App* c) {
        return c->check_name(word);
      });
      if (next != commands.end()) {
        command = *next;
      } else if (!commands.empty()) {
        return "unknown command \"" + word + "\"";
      }
      continue;
    }
    const std::string flag = word.substr(0, word.find('='));
    if (flag != "-" && command->get_option_no_throw(flag) == nullptr) {
      return "unknown flag " + flag;
    }
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  // Columns grow on whichever thread a request comes; with an arena for each, what one frees is of
  // no use to the others and a store takes twice its size.
  mallopt(M_ARENA_MAX, 1);
  CLI::App app("Evaluates Prometheus recording rules, alerts and SLOs exactly as Prometheus does.");
  app.name("sloburn");
  app.set_version_flag("--version", std::string("sloburn, version ") + sloburn::kVersion);
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();  // --help tells them, and /api/v1/status/flags
  int exit_code = sloburn::cli::kExitOk;
  sloburn::cli::AddServeCommand(app, exit_code);
  sloburn::cli::AddDemoCommand(app, exit_code);
  sloburn::cli::AddQueryCommand(app, exit_code);
  sloburn::cli::AddCheckCommand(app, exit_code);
  sloburn::cli::AddSloCommand(app, exit_code);
  sloburn::cli::AddFmtCommand(app, exit_code);
  sloburn::cli::AddImportCommand(app, exit_code);
  sloburn::cli::AddExportCommand(app, exit_code);
  sloburn::cli::AddStoreCommand(app, exit_code);
  sloburn::cli::AddPromqltestCommand(app, exit_code);
  sloburn::cli::AddVersionCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    // What is missing hides what is wrong; that is said first.
    const std::string unknown = UnknownWord(app, argc, argv);
    if (!unknown.empty()) {
      std::cerr << unknown << "\nRun with --help for more information.\n";
      return sloburn::cli::kExitUsage;
    }
    return app.exit(error) == 0 ? sloburn::cli::kExitOk : sloburn::cli::kExitUsage;
  } catch (const CLI::ParseError& error) {
    // CLI11 has codes of its own; ours is one for every misuse.
    return app.exit(error) == 0 ? sloburn::cli::kExitOk : sloburn::cli::kExitUsage;
  }
  return exit_code;
}
