package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/kernel"
	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/kernelspec"
	"github.com/dcpo-go/godcpo/kernel/symbols"
	"github.com/spf13/cobra"
)

func newKernel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "Install, remove or start the Jupyter kernel",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  needSubcommand,
	}
	cmd.AddCommand(newKernelInstall(), newKernelUninstall(), newKernelStart())
	return cmd
}

// addPlaceFlags adds the flags that say which kernel in which of Jupyter's folders is meant.
func addPlaceFlags(cmd *cobra.Command, place *kernelspec.Place, name *string) {
	cmd.Flags().StringVar(&place.Prefix, "prefix", "", "root of the environment to use instead of the user's own Jupyter folder")
	cmd.Flags().BoolVar(&place.SysPrefix, "sys-prefix", false, "use the Python environment that is active")
	cmd.Flags().Bool("user", false, "use the user's own Jupyter folder, as without any of these flags")
	cmd.Flags().StringVar(name, "name", kernelspec.DefaultName, "name of the kernel")
	cmd.MarkFlagsMutuallyExclusive("prefix", "sys-prefix", "user")
}

func newKernelInstall() *cobra.Command {
	var opt kernelspec.Options
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Make the kernel known to Jupyter",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt.Version = buildVersion()
			done, err := kernelspec.Install(opt)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "installed the kernel %q in %s\n", opt.Name, done.Folder)
			if done.Copied {
				fmt.Fprintf(cmd.OutOrStdout(), "it starts a copy of this binary, %s: install again after an update\n", done.Binary)
			}
			return nil
		},
	}
	addPlaceFlags(cmd, &opt.Place, &opt.Name)
	cmd.Flags().StringVar(&opt.DisplayName, "display-name", kernelspec.DefaultDisplayName, "what Jupyter shows")
	return cmd
}

func newKernelUninstall() *cobra.Command {
	var place kernelspec.Place
	var name string
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the kernel from Jupyter",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := kernelspec.Uninstall(place, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed the kernel %q from %s\n", name, folder)
			return nil
		},
	}
	addPlaceFlags(cmd, &place, &name)
	return cmd
}

func newKernelStart() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start a kernel; Jupyter calls this",
		Long:  `start serves until a client or a SIGTERM ends it, or until the process that started it is gone. An interrupt stops only the running cell.`,
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usageError(errors.New("kernel start: --connection-file is missing: Jupyter writes that file and passes its name (to use the kernel, run godcpo kernel install)"))
			}
			// main cancels its context on an interrupt, which here is for the running cell: the kernel sees to signals itself.
			ctx := context.WithoutCancel(cmd.Context())
			return kernel.Start(ctx, file, kernel.Options{Version: buildVersion(), Cells: cell.Options{Symbols: symbols.Tables()}})
		},
	}
	cmd.Flags().StringVar(&file, "connection-file", "", "file that says where to listen")
	return cmd
}
