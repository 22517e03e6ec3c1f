"""What keeps `runs.parent_id` right, whichever server writes tags and runs.

A run is nested in the run that its tag names when both are in one experiment and one lifecycle stage. Runs that name
each other do not form a circle: the tag that would close it counts for nothing.
"""

_PARENT = """(
                SELECT parent.id FROM run_tags AS tag JOIN runs AS parent ON parent.run_uuid = tag.value
                WHERE tag.run_id = runs.id AND tag.key = 'mlflow.parentRunId' AND parent.id <> runs.id
                    AND parent.experiment_id + 0 = runs.experiment_id AND parent.lifecycle_stage = runs.lifecycle_stage
                    AND NOT (
                        EXISTS (
                            SELECT 1 FROM runs AS child WHERE child.experiment_id = runs.experiment_id
                                AND child.lifecycle_stage = runs.lifecycle_stage AND child.parent_id = runs.id
                        )
                        AND runs.id IN (
                            WITH RECURSIVE above (id) AS (
                                SELECT parent.parent_id
                                UNION SELECT higher.parent_id FROM runs AS higher JOIN above ON higher.id = above.id
                            )
                            SELECT id FROM above WHERE id IS NOT NULL
                        )
                    )
            )"""
_CHILDREN = """
                SELECT run_id FROM run_tags
                WHERE key = 'mlflow.parentRunId' AND substr(value, 1, 200) = NEW.run_uuid
"""

PARENTS_CHANGED = {
    "sqlite": [
        f"""
        CREATE TRIGGER run_parents_tag AFTER INSERT ON run_tags WHEN NEW.key = 'mlflow.parentRunId' BEGIN
            UPDATE runs SET parent_id = {_PARENT} WHERE id = NEW.run_id;
        END
        """,
        f"""
        CREATE TRIGGER run_parents_value AFTER UPDATE ON run_tags
        WHEN NEW.key = 'mlflow.parentRunId' AND NEW.value <> OLD.value BEGIN
            UPDATE runs SET parent_id = {_PARENT} WHERE id = NEW.run_id;
        END
        """,
        """
        CREATE TRIGGER run_parents_untagged AFTER DELETE ON run_tags WHEN OLD.key = 'mlflow.parentRunId' BEGIN
            UPDATE runs SET parent_id = NULL WHERE id = OLD.run_id AND parent_id IS NOT NULL;
        END
        """,
        f"""
        CREATE TRIGGER run_parents_new AFTER INSERT ON runs WHEN EXISTS ({_CHILDREN}) BEGIN
            UPDATE runs SET parent_id = NEW.id
            WHERE id IN ({_CHILDREN}) AND id <> NEW.id AND parent_id IS NULL
                AND experiment_id + 0 = NEW.experiment_id AND lifecycle_stage || '' = NEW.lifecycle_stage;
        END
        """,
        f"""
        CREATE TRIGGER run_parents_moved AFTER UPDATE OF lifecycle_stage, experiment_id ON runs
        WHEN NEW.experiment_id <> OLD.experiment_id OR (
            NEW.lifecycle_stage <> OLD.lifecycle_stage AND (
                NEW.deleted_with_experiment = OLD.deleted_with_experiment
                OR NEW.lifecycle_stage
                    <> (SELECT lifecycle_stage FROM experiments WHERE experiment_id = NEW.experiment_id)
            )
        ) BEGIN
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
            UPDATE runs SET parent_id = {_PARENT} WHERE id = NEW.id;
            UPDATE runs SET parent_id = NEW.id
            WHERE id IN ({_CHILDREN}) AND parent_id IS NULL
                AND experiment_id + 0 = NEW.experiment_id AND lifecycle_stage || '' = NEW.lifecycle_stage
                AND id NOT IN (
                    WITH RECURSIVE above (id) AS (
                        SELECT NEW.id
                        UNION SELECT higher.parent_id FROM runs AS higher JOIN above ON higher.id = above.id
                    )
                    SELECT id FROM above WHERE id IS NOT NULL
                );
        END
        """,
        """
        CREATE TRIGGER run_parents_gone AFTER DELETE ON runs BEGIN
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
        END
        """,
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION run_parents_set(number bigint) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            run record;
            above bigint;
        BEGIN
            SELECT runs.experiment_id, runs.lifecycle_stage, tag.value INTO run
            FROM runs LEFT JOIN run_tags AS tag ON tag.run_id = runs.id AND tag.key = 'mlflow.parentRunId'
            WHERE runs.id = number;
            SELECT parent.id INTO above FROM runs AS parent
            WHERE parent.run_uuid = run.value AND parent.id <> number
                AND parent.experiment_id + 0 = run.experiment_id AND parent.lifecycle_stage || '' = run.lifecycle_stage;
            IF above IS NOT NULL AND EXISTS (
                SELECT FROM runs WHERE experiment_id = run.experiment_id AND lifecycle_stage = run.lifecycle_stage
                    AND parent_id = number
            ) AND number IN (
                WITH RECURSIVE higher (id) AS (
                    SELECT above UNION SELECT runs.parent_id FROM runs JOIN higher ON runs.id = higher.id
                )
                SELECT id FROM higher WHERE id IS NOT NULL
            ) THEN
                above := NULL;
            END IF;
            UPDATE runs SET parent_id = above WHERE id = number AND parent_id IS DISTINCT FROM above;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_find(above bigint, uuid text, experiment bigint, stage text)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            children bigint[] := ARRAY(
                SELECT run_id FROM run_tags
                WHERE key = 'mlflow.parentRunId' AND substr(value, 1, 200) COLLATE "C" = uuid
            );
        BEGIN
            IF children <> '{}' THEN
                UPDATE runs SET parent_id = above
                WHERE id = ANY (children) AND parent_id IS NULL
                    AND experiment_id + 0 = experiment AND lifecycle_stage || '' = stage
                    AND id NOT IN (
                        WITH RECURSIVE higher (id) AS (
                            SELECT above UNION SELECT runs.parent_id FROM runs JOIN higher ON runs.id = higher.id
                        )
                        SELECT id FROM higher WHERE id IS NOT NULL
                    );
            END IF;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_tag() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM run_parents_set(CASE TG_OP WHEN 'DELETE' THEN OLD.run_id ELSE NEW.run_id END);
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_new() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM run_parents_find(NEW.id, NEW.run_uuid, NEW.experiment_id, NEW.lifecycle_stage);
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_moved() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.experiment_id = OLD.experiment_id AND NEW.deleted_with_experiment <> OLD.deleted_with_experiment
                AND NEW.lifecycle_stage
                    = (SELECT lifecycle_stage FROM experiments WHERE experiment_id = NEW.experiment_id)
            THEN
                RETURN NULL;
            END IF;
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
            PERFORM run_parents_set(NEW.id);
            PERFORM run_parents_find(NEW.id, NEW.run_uuid, NEW.experiment_id, NEW.lifecycle_stage);
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_gone() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_tag AFTER INSERT OR UPDATE ON run_tags
        FOR EACH ROW WHEN (NEW.key = 'mlflow.parentRunId') EXECUTE FUNCTION run_parents_tag()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_untagged AFTER DELETE ON run_tags
        FOR EACH ROW WHEN (OLD.key = 'mlflow.parentRunId') EXECUTE FUNCTION run_parents_tag()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_new AFTER INSERT ON runs FOR EACH ROW EXECUTE FUNCTION run_parents_new()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_moved AFTER UPDATE OF lifecycle_stage, experiment_id ON runs
        FOR EACH ROW WHEN (
            NEW.experiment_id <> OLD.experiment_id OR NEW.lifecycle_stage <> OLD.lifecycle_stage
        ) EXECUTE FUNCTION run_parents_moved()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_gone AFTER DELETE ON runs FOR EACH ROW EXECUTE FUNCTION run_parents_gone()
        """,
    ],
}
