package dev.oriel.app.serve;

import dev.oriel.filesystem.layer.IdTranslation;
import dev.oriel.filesystem.layer.XattrMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code oriel serve} by which guests see other ids, names and owners than the host has. */
final class LayerOptions {
    @Option(
            names = "--translate-uid",
            paramLabel = "TYPE:SOURCE:TARGET:COUNT",
            description =
                    "Which users of the host a guest's are, a range each time: map (both ways), guest (to the host)"
                            + " or host (to the guest), one to one; squash-guest or squash-host, all to one; or"
                            + " forbid-guest:SOURCE:COUNT, who may own nothing. Others are the same on both sides.")
    private List<String> users = List.of();

    @Option(names = "--translate-gid", paramLabel = "TYPE:SOURCE:TARGET:COUNT", description = "The same for groups.")
    private List<String> groups = List.of();

    @Option(
            names = "--xattrmap",
            paramLabel = "RULES",
            description = "Give the guest's extended attributes other names on the host; implies --xattr. Rules are"
                    + " :map:KEY:PREPEND: (as :map::user.virtiofs.:) or :TYPE:SCOPE:KEY:PREPEND:, the first that matches"
                    + " counts. See docs/operating.md.")
    private @Nullable String xattrMap;

    @Option(
            names = "--override-stat",
            description = "Keep the guest's owners, modes and device numbers in an extended attribute,"
                    + " user.containers.override_stat, so that a server without root gives a guest real users; implies"
                    + " --xattr.")
    private boolean overrideStat;

    /**
     * The layers, judged as far as the command line alone allows.
     *
     * @throws IllegalArgumentException saying which option is wrong and what is valid
     */
    Layers layers(boolean posixAcl, boolean killprivV2) {
        IdTranslation uids = translation("--translate-uid", users, posixAcl);
        IdTranslation gids = translation("--translate-gid", groups, posixAcl);
        if (overrideStat && posixAcl) {
            throw new IllegalArgumentException(
                    "--override-stat and --posix-acl exclude each other: the host's lists know nothing of the guest's owners");
        }
        if (overrideStat && killprivV2) {
            throw new IllegalArgumentException(
                    "--override-stat and --killpriv-v2 exclude each other: the guest clears set-user-ID bits that it alone has");
        }
        return new Layers(uids, gids, map(posixAcl), overrideStat);
    }

    private static IdTranslation translation(String option, List<String> rules, boolean posixAcl) {
        if (!rules.isEmpty() && posixAcl) {
            throw new IllegalArgumentException(
                    option + " and --posix-acl exclude each other: ids within access control lists are not translated");
        }
        try {
            return IdTranslation.parse(rules);
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException(option + " " + wrong.getMessage(), wrong);
        }
    }

    private @Nullable XattrMap map(boolean posixAcl) {
        if (xattrMap == null) {
            return null;
        }
        XattrMap map;
        try {
            map = XattrMap.parse(xattrMap);
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("--xattrmap: " + wrong.getMessage(), wrong);
        }
        if (posixAcl && (map.changes("system.posix_acl_access") || map.changes("system.posix_acl_default"))) {
            throw new IllegalArgumentException(
                    "--xattrmap and --posix-acl: the map has to leave system.posix_acl_access and"
                            + " system.posix_acl_default as they are, as :ok:all:system.posix_acl_:system.posix_acl_: at its"
                            + " beginning does");
        }
        return map;
    }
}
