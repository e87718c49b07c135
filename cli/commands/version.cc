// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/commands/commands.h"
#include "cli/version.h"

namespace sloburn::cli {

void AddVersionCommand(CLI::App& app, int&) {
  app.add_subcommand("version", "Print the version")->callback([] {
    std::cout << "sloburn, version " << kVersion << "\n";
  });
}

}  // namespace sloburn::cli
