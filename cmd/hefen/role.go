package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hefen/internal/access"
	"hefen/internal/id"
)

// roleCommand gives the first roles of an installation; afterwards the holders grant through the API.
func roleCommand(set *settings) *cobra.Command {
	var role, place, phone, user, name string
	grant := &cobra.Command{
		Use: "grant", Short: "Give a user a role, as for the first county administrator", Args: cobra.NoArgs,
		Long: `Gives a role to a user who has logged in and let us know a phone number. --at is the id of the region: of the village
for roles of a village, of the town or county for supervisor and county_admin. Keepers are appointed through the API.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := id.Parse(place)
			if err != nil {
				return errors.New("--at wants the id of a village, town or county")
			}
			g := access.Grant{Role: access.Role(role), Phone: phone, Name: name}
			if user != "" {
				if g.User, err = id.Parse(user); err != nil {
					return errors.New("--user wants the id of a user")
				}
			}
			return set.with(cmd.Context(), func(p *program) error {
				where := access.Place{Village: at}
				if g.Role == access.Supervisor || g.Role == access.CountyAdmin {
					where = access.Place{Region: at}
				}
				t, err := p.access.Install(cmd.Context(), where, g)
				if err != nil {
					return plainly(err)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "user %s is %s (%s) from %s\n", t.User, t.Role, t.RoleName, t.FromDay)
				return err
			})
		},
	}
	grant.Flags().StringVar(&role, "role", "", "county_admin, supervisor, first_secretary, team_member, …")
	grant.Flags().StringVar(&place, "at", "", "id of the village, town or county")
	grant.Flags().StringVar(&phone, "phone", "", "phone number of the user")
	grant.Flags().StringVar(&user, "user", "", "id of the user, instead of --phone")
	grant.Flags().StringVar(&name, "name", "", "name to show if the user has none yet")
	cmd := &cobra.Command{Use: "role", Short: "Roles of users"}
	cmd.AddCommand(grant)
	return cmd
}
