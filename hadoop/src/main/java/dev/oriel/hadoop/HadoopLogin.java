package dev.oriel.hadoop;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;
import org.jspecify.annotations.Nullable;

/**
 * Whom a cluster sees: this user, or a principal of Kerberos by its key or by a ticket. Hadoop gets new tickets by the
 * key. Those in a cache are read again here: Hadoop would start a program for it, and die of that in a sandbox.
 */
final class HadoopLogin implements AutoCloseable {
    private static final String PRINCIPAL = "kerberos-principal";
    private static final String KEYTAB = "kerberos-keytab";
    private static final String AUTHENTICATION = "hadoop.security.authentication";

    /** What may be said of it beside Hadoop's configuration. */
    static final Set<String> OPTIONS = Set.of(PRINCIPAL, KEYTAB);

    /** What name nodes say to who does not offer a ticket. */
    private static final String REFUSAL = "SIMPLE authentication is not enabled";

    private static final System.Logger LOG = System.getLogger("dev.oriel.hadoop");
    private static final int LOOK_SECONDS = 20;

    private @Nullable ScheduledExecutorService renewer;

    /** Whether the last look at the cache was in vain, which is said once. */
    private boolean isStale;

    /**
     * Logs in as the configuration says.
     *
     * @throws IllegalArgumentException saying which option is missing
     */
    HadoopLogin(Map<String, String> options, Configuration configuration) throws IOException {
        String principal = options.get(PRINCIPAL);
        String keytab = options.get(KEYTAB);
        if ((principal == null) != (keytab == null)) {
            throw new IllegalArgumentException("say both " + PRINCIPAL + " and " + KEYTAB);
        }
        if (keytab != null) {
            if (!Files.isReadable(Path.of(keytab))) {
                throw new IOException(KEYTAB + ": " + keytab
                        + " cannot be read; say its absolute path, by which it is laid into the sandbox");
            }
            configuration.set(AUTHENTICATION, "kerberos");
        }
        useKerberosAs(configuration);
        if (principal != null && keytab != null) {
            try {
                UserGroupInformation.loginUserFromKeytab(principal, keytab);
            } catch (IOException refused) {
                throw new IOException(
                        "Kerberos gives no ticket to " + principal + " with " + keytab + ": " + reason(refused),
                        refused);
            }
        } else if (UserGroupInformation.isSecurityEnabled()) {
            takeTicket(ticketCache());
        }
    }

    private static void useKerberosAs(Configuration configuration) throws IOException {
        try {
            UserGroupInformation.setConfiguration(configuration);
        } catch (IllegalArgumentException wrong) {
            if (!"kerberos".equals(configuration.get(AUTHENTICATION))) {
                throw wrong;
            }
            throw new IOException(
                    "Kerberos: " + reason(wrong) + "; /etc/krb5.conf, or the file that KRB5_CONFIG names, has to say"
                            + " default_realm, and where its KDC is",
                    wrong);
        }
    }

    /** Where tickets of this user are, as Kerberos has it. */
    private static Path ticketCache() throws IOException {
        String named = System.getenv("KRB5CCNAME");
        return Path.of(
                named == null
                        ? "/tmp/krb5cc_" + Files.getAttribute(Path.of("/proc/self"), "unix:uid")
                        : named.replaceFirst("^FILE:", ""));
    }

    private void takeTicket(Path cache) {
        if (!Files.isReadable(cache)) {
            return;
        }
        UserGroupInformation user;
        try {
            user = UserGroupInformation.getUGIFromTicketCache(cache.toString(), null);
        } catch (IOException old) {
            LOG.log(Level.DEBUG, "{0}: no ticket that is good: {1}", cache, reason(old));
            return;
        }
        UserGroupInformation.setLoginUser(user);
        ScheduledExecutorService looks = Executors.newSingleThreadScheduledExecutor(
                look -> Thread.ofPlatform().daemon().name("oriel-kerberos").unstarted(look));
        renewer = looks;
        var _ = looks.scheduleWithFixedDelay(
                () -> lookAgain(user, cache), LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    /** Does nothing as long as the ticket is good for a while. */
    private void lookAgain(UserGroupInformation user, Path cache) {
        try {
            user.reloginFromTicketCache();
            isStale = false;
        } catch (IOException | RuntimeException old) {
            if (!isStale) {
                LOG.log(Level.WARNING, "{0}: no ticket that is good: {1}; run kinit", cache, reason(old));
            }
            isStale = true;
        }
    }

    /** Why the cluster was not reached, if it is that it knows nobody without a ticket. */
    static IOException explained(IOException refused) throws IOException {
        if (UserGroupInformation.isSecurityEnabled()) {
            UserGroupInformation user = UserGroupInformation.getLoginUser();
            if (!user.hasKerberosCredentials() && user.getTokens().isEmpty()) {
                return new IOException(
                        "the cluster wants Kerberos, and there is no ticket that is good: run kinit before (its cache"
                                + " is where KRB5CCNAME says), or say --share-option " + PRINCIPAL
                                + "=NAME --share-option " + KEYTAB + "=FILE",
                        refused);
            }
        } else if (String.valueOf(refused.getMessage()).contains(REFUSAL)) {
            return new IOException(
                    "the cluster wants Kerberos: let HADOOP_CONF_DIR name the folder with its configuration, or say"
                            + " --share-option " + AUTHENTICATION + "=kerberos, and dfs.namenode.kerberos.principal",
                    refused);
        }
        return refused;
    }

    /** What was wrong first. */
    private static String reason(Throwable thrown) {
        Throwable first = thrown;
        for (@Nullable Throwable cause = thrown.getCause(); cause != null; cause = cause.getCause()) {
            first = cause.getMessage() == null ? first : cause;
        }
        return String.valueOf(first.getMessage());
    }

    @Override
    public void close() {
        if (renewer != null) {
            renewer.shutdownNow();
        }
    }
}
