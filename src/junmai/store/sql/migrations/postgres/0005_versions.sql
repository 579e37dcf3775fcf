-- Which version of Junmai a runner is: workers of two versions may develop the same photo differently.

ALTER TABLE runners ADD COLUMN version TEXT COLLATE "C" NOT NULL DEFAULT '';
